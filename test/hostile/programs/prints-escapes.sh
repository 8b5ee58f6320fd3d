# What a terminal obeys: a new title, an empty screen, a link, a change of the clipboard, lines that overwrite others.
printf '\033]0;spoilt\007\033[2J\033[1;1H\033]8;;http://127.0.0.1/\033\\click\033]8;;\033\\\033]52;c;c3BvaWx0\007\rok\b\b\n' >&2
printf 'Error: \033[31mspoilt\033[0m\033]0;spoilt\007 \xe2\x80\xae gnihton \x9b2J\r\n' >&2
exit 1
