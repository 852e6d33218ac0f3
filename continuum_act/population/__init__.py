"""Many members of one model as one program; knows nothing of studies, storages or files."""
