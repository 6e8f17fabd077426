"""Evidence: the demo against known truth, calibration of the gates, time and memory."""
