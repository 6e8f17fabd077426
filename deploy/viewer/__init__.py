"""Results as a reader sees them: a local Orthanc, OHIF beside it, a headless browser. Research use."""
