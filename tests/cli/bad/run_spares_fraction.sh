$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'run={spare_hosts: 2.5, repair: 1h}'
