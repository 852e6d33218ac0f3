"""Train one model per alpha and seed, and compare: members, populations, the study, the result."""
