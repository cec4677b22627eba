"""`celery-lint server`: what is known of a project, in the editor. The Language Server Protocol over stdio, by pygls,
which is imported here and nowhere else."""
