"""Mappings: one YAML a system becomes lenses, one a field or group, for one container.

In: `mappings/*.yaml` and what a container says of itself. Out: lenses that obey the laws of `itpm_sync.lens`.
`load` reads and checks the file, `compile` makes the lenses, `lint` proves the laws, `json_schema` serves editors.
"""
