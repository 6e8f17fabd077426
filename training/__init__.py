"""Train, export and measure the networks. Not needed to run the application."""
