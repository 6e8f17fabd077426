"""From a PACS and back: finds complete studies, runs the application, stores its results."""
