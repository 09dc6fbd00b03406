cat >study.yaml <<'TEXT'
name: "\e[31mred"
clutser: 1
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
