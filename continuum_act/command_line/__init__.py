"""`continuum-act`: tables in, a sweep, a table and pictures out."""
