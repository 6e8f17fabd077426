"""What stands between the application and its neighbours: platforms, a PACS, a Triton server."""
