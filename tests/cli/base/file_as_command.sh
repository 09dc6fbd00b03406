echo "a: 1" >study.yaml; $FLOPCAST study.yaml
