# One row: what was read, under which plan, and that causes are shown.
$FLOPCAST validate "$CASES/validate/runs.csv" --row full-175B | sed -E 's/: .* measured, .* %$/: MEASURED/; s/ +/ /g; s/\(MFU.*/(MFU/; s/^ matmul .*/ matmul/'
