printf 'parameters:\n  - {name: x, fields: [chip/h100-sxm/memory_eff], low: 0.5, high: 0.9, start: 0.6}\nfamilies:\n  - {name: none, match: {group: [nobody]}}\n' >s.yaml
head -3 "$DATA/runs/published.csv" >runs.csv; $FLOPCAST fit runs.csv --spec s.yaml
