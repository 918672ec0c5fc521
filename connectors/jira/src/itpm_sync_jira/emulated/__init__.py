"""The parts of the Jira Cloud emulator, each named by what it is about; `emulator.py` puts them together."""
