"""Results as a reader sees them: Orthanc, OHIF and a headless browser on loopback. Research use."""
