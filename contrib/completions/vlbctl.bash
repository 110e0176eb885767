# SPDX-License-Identifier: BSD-2-Clause
# Completion for vlbctl, in bash. Installed as share/bash-completion/completions/vlbctl; it
# needs nothing of the bash-completion package.
# shellcheck shell=bash

_vlbctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' options i
	COMPREPLY=()

	case $before in
	-s | --socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-n | --lines | -t | --timeout | -i | --interval) return ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --socket | -n | --lines | -t | --timeout | -i | --interval) ((i++)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	case $command in
	'') options='--socket --version --help' ;;
	watch) options='--json --interval' ;;
	events) options='--json --follow --lines' ;;
	drain) options='--json --persist --wait --timeout' ;;
	*) options=--json ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			'status addresses peers watch events metrics drain resume reload' -- "$word")
	fi
}
complete -F _vlbctl vlbctl
