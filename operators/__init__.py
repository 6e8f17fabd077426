"""The nodes of the graph, one thin operator a file: take, call one function, give."""
