"""The parts of the emulator that know nothing of HTTP: what is remembered, the rules, what is shown, people at work."""
