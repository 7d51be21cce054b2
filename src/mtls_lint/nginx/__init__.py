"""Tree to behaviour: inheritance, defaults by version, servers, sockets and names."""
