"""What carries the application to its neighbours: the image, platforms, archives, papers."""
