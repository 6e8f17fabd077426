"""What goes into the image beside the application, and what builds it. See docs/image.md."""
