cat >study.yaml <<'TEXT'
hello
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
