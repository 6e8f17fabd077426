"""Files of surfaces, for viewers and printers. Importing this package imports trimesh."""
