"""Microsoft Project plans in a folder: .mpp, .mpt, .mpx and .xer read, MSPDI .xml read and edited in place."""
