/** Expressions that whoever may write a mapping can write, none of which ends by itself in time. */
export const hostileExpressions = {
  'an expression without end': '($f := function($n) { $f($n + 1) }; $f(1))',
  'an expression that makes much': '$string([1..1000000])',
  'an expression that compares all with all': '$string($count($distinct([1..99999])))',
  'an expression that searches natively': `($f := function($x)<${'s+'.repeat(12)}n:s>{ 1 }; $f(${Array(300).fill('"a"').join()}))`,
  'an expression that doubles a text':
    '($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $string($length($d("ab", 24))))',
  'an expression that doubles an object':
    '($d := function($s, $n) { $n = 0 ? $s : $d({ "a": $s, "b": $s }, $n - 1) }; $d("ab", 24))',
};

/** JSONata copies what stands before `??`: each level takes twice the time of the one inside. */
export const doubledTree = `${'('.repeat(60)}a${' ?? b)'.repeat(60)}`;
