"""PEM files to facts: certificates, keys, CRLs, chains and service identity. Knows no other package."""
