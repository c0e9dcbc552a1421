# Holds what a driver counts against what went over the wire since a mark.
#   usage: awk -v counters=FILE -v card=N -f agree.awk <RULES
# FILE: lines "NAME: VALUE". /tmp/base and /tmp/now: the host's answers at the mark and now. A rule:
# "NAME ... = FACTOR COUNT ...", names as patterns and counts without the card's number, e.g.
# "rx_bytes = 1 received.bytes -4 received.frames". Prints the rules that do not hold.
function load(file, values,   line, words, word, i, n) {
  while ((getline line < file) > 0) {
    n = split(line, words, " ")
    for (i = 1; i <= n; ++i) {
      split(words[i], word, "=")
      values[word[1]] = word[2]
    }
  }
}

BEGIN {
  load("/tmp/base", base)
  load("/tmp/now", now)
  while ((getline line < counters) > 0) {
    gsub(/^ +/, "", line)
    split(line, word, ": *")
    said[word[1]] = word[2]
  }
}

NF > 0 {
  split($0, sides, " = ")
  sum = 0
  known = 0
  n = split(sides[1], names, " ")
  for (i = 1; i <= n; ++i) {
    for (name in said) {
      if (name !~ "^" names[i] "$") continue
      sum += said[name]
      ++known
    }
  }
  truth = 0
  n = split(sides[2], terms, " ")
  for (i = 1; i < n; i += 2) {
    name = card "." terms[i + 1]
    if (!(name in now) || !(name in base)) known = 0
    truth += terms[i] * (now[name] - base[name])
  }
  if (!known || sum != truth) {
    printf "card %s: %s: %d, and not %d\n", card, sides[1], sum, truth
    bad = 1
  }
}

END { exit bad }
