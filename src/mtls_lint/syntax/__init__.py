"""Text to tree: lexer, crossplane adapter, includes and the directive table. Knows no other package."""
