printf 'parameters:\n  - {name: x, fields: [chip/h100-sxm/memory_ef], low: 0.5, high: 0.9, start: 0.6}\nfamilies:\n  - {name: all, match: {}}\n' >s.yaml; $FLOPCAST fit --spec s.yaml
