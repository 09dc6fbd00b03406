cat >race.yaml <<'TEXT'
start: 2025-01-01
as_of: 2025-06-01
horizon: 2028-01-01
leader: a
programmes:
  - {name: a, chip: h100-sxm, mfu: 0.4, share: 0.5, usd_per_chip_h: 2, lots: [{chips: 100k, date: 2025-01-01, status: operating}]}
  - {name: b, chip: h100-sxm, mfu: 0.4, share: 0.5, accepted: 30 days, lots: [{chips: {low: 150k, mid: 200k, high: 250k, grade: published, note: "a press release"}, date: 2025-Q3, status: delivered}]}
TEXT
$FLOPCAST race race.yaml --data "$DATA" --by 2026-06-30 --set draws=50
