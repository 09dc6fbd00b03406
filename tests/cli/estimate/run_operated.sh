# every key of run at once, ranges included
$FLOPCAST estimate llama3-405b-16k-h100 --data "$DATA" --set cluster.failures=llama3 --set cluster.detect=1min --set cluster.restart_per_kchip=5s \
    --set cluster.slow_chips=0.01 --set 'run={checkpoint_overlap: 0.9, memory_bw: 1 GB/s, memory_survives: {low: 0.6, mid: 0.8, high: 0.9, grade: assumed},
    memory_restart: 4min, spare_hosts: 16, repair: 24h, batch_ramp: 300G, batch_ramp_speed: 0.6, delivery: [{month: 0, chips: 8192}, {month: 1, chips: 16384}]}' |
    grep -A 4 '^  run '
