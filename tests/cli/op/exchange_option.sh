# One dtype each, so none need be given; 16 nodes are beyond what was measured.
$FLOPCAST op combine --chip h100 --nodes 2 --hidden 7168 --tokens_per_chip 4k --experts_per_token 8 --experts 256 --sms 24 | head -n 1 | cut -d: -f1
$FLOPCAST op dispatch --chip h100 --nodes 16 --hidden 7168 --tokens_per_chip 4k --experts_per_token 8 --experts 256 --sms 24 | head -n 1
