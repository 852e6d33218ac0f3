"""A study of alphas: claims, trains, records, compares."""
