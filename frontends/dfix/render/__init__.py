"""Reports as text for people, unified diffs for `git apply`, and JSON for programs.

A renderer is a function from groups of reports to text; it opens no file and knows no command line.
"""
