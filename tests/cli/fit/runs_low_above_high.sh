printf 'parameters:\n  - name: x\n    fields: [chip/h100-sxm/memory_eff]\n    low: 0.9\n    high: 0.5\n    start: 0.6\nfamilies:\n  - {name: all, match: {}}\n' >s.yaml; $FLOPCAST fit --spec s.yaml
