"""Every page that people look at, rendered to pictures."""
