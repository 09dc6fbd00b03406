$FLOPCAST $'li\e]0;title\ast'
