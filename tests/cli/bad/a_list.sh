cat >study.yaml <<'TEXT'
- a
- b
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
