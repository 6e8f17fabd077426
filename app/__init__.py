"""The application: command line, settings, the graph, exit codes and what a run leaves behind."""
