# Without tables the project's own runs meet the project's own parameters.
$FLOPCAST fit --quiet >out && grep -c 'parameters fitted to' out
