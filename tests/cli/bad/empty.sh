cat >study.yaml <<'TEXT'
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
