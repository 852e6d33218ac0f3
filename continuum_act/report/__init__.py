"""Figures and tables of plain numbers."""
