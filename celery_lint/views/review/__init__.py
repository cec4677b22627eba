"""The checklist of a code review, task by task: from two states of a project to what a colleague would say."""
