"""The Train workspace: the same document learns while one watches."""
