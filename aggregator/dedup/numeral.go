package dedup

import (
	"communique/aggregator/dedup/pivot"
	"strconv"
	"strings"
)

// numeral gives the number that a folded word stands for, 0 for none. "One" is
// left out: in most languages it is also an article.
func numeral(word string) int { return numerals[word] }

// hashNumber gives a number's token hash.
func hashNumber(v int) uint32 { return hashBytes('#', strconv.AppendInt(nil, int64(v), 10)) }

// numerals are the number words of the languages that translations are found
// in, as they stand in texts after folding.
var numerals = func() map[string]int {
	out := map[string]int{}
	for line := range strings.Lines(numeralWords) {
		n, words, _ := strings.Cut(strings.TrimSpace(line), " ")
		v, _ := strconv.Atoi(n)
		for _, w := range strings.Fields(words) {
			out[string(pivot.Fold(nil, []byte(w)))] = v
		}
	}
	return out
}()

const numeralWords = `2 two deux dos dois duas два две zwei due اثنان اثنين
3 three trois tres три drei tre ثلاثة ثلاث
4 four quatre cuatro quatro четыре vier quattro اربعة اربع أربعة أربع
5 five cinq cinco пять funf cinque خمسة خمس
6 six seis шесть sechs sei ستة ست
7 seven sept siete sete семь sieben sette سبعة سبع
8 eight huit ocho oito восемь acht otto ثمانية ثماني
9 nine neuf nueve nove девять neun تسعة تسع
10 ten dix diez dez десять zehn dieci عشرة عشر
11 eleven onze once одиннадцать elf undici
12 twelve douze doce двенадцать zwolf dodici
13 thirteen treize trece treze тринадцать
14 fourteen quatorze catorce catorze quattordici
15 fifteen quinze quince пятнадцать quindici
16 sixteen seize dieciseis dezesseis dezasseis
17 seventeen diecisiete dezessete dezassete
18 eighteen dieciocho dezoito
19 nineteen diecinueve dezenove
20 twenty vingt veinte vinte двадцать zwanzig venti عشرون عشرين
30 thirty trente treinta trinta тридцать dreissig trenta ثلاثون ثلاثين
40 forty quarante cuarenta quarenta сорок vierzig quaranta اربعون اربعين
50 fifty cinquante cincuenta cinquenta пятьдесят funfzig cinquanta خمسون خمسين
60 sixty soixante sesenta sessenta шестьдесят sechzig sessanta ستون ستين
70 seventy setenta siebzig settanta سبعون سبعين
80 eighty ochenta oitenta восемьдесят achtzig ottanta ثمانون ثمانين
90 ninety noventa девяносто neunzig novanta تسعون تسعين
100 hundred cent cien cento сто hundert مئة مائة`
