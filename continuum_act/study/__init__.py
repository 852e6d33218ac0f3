"""Alphas and rows in an Optuna study: claimed, kept and read by many processes; knows nothing of training."""
