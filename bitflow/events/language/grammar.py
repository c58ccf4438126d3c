"""What the text spelling accepts, in EBNF."""

from __future__ import annotations

from bitflow.events.language.study_text import STUDY_GRAMMAR

GRAMMAR = (
    """
program    = statement { ";" statement } [ ";" ] ;
statement  = definition | query | study ;
definition = "define" name [ string ] [ "(" fact { "," fact } ")" ] "=" body ;
fact       = ( "author" | "date" | "source" ) "=" ( string | name ) ;

query      = about_events | about_signal | about_place | "describe" what | "summary" { scope } ;
about_events = ( "list" | "count" | "total_time" | "fraction" | "mean_duration" | "longest" | "first" | "last"
               | "latency" | "transitions" | "rate" [ "(" ( "s" | "min" | "h" ) ")" ] | "matrix" )
               [ "of" "(" name ")" ] body { tail | scope | cells } ;
about_signal = ( "value" | "timeline" ) signal { "," signal }
               { statistic | "over" body | scope | "as" unit | "per" ( "s" | "min" | "h" ) } ;
about_place  = ( "trajectory" | "occupancy" ) name { "colour" "=" colour | scope } ;
scope      = "by" name | "pairs" ( "directed" | "unordered" ) | "at_least" number | "in" time ".." time
           | "most" | "least" | "bins" quantity | "from" ( name | "[" name { "," name } "]" ) ;
cells      = ( "count" | "total_time" | "fraction" | "mean_duration" | "rate" ) | "per" ( "s" | "min" | "h" ) ;

body       = bouts { "then" bouts [ "within" quantity ] } ;
bouts      = or { tail } ;
tail       = "for" ( ">=" | "<=" | ">" | "<" ) quantity | "merge" quantity | "coverage" number ;
or         = and { "or" and } ;
and        = not { "and" not } ;
not        = "not" not | statement_ ;
statement_ = signal comparison ( quantity | percentile | signal )
           | signal "in" quantity ".." quantity
           | call | named | "(" body ")" ;
comparison = "<" | "<=" | ">" | ">=" | "==" | "!=" ;

signal     = factor { ( "*" | "/" ) quantity } { ( "+" | "-" ) quantity } ;
factor     = call | "(" signal ")" ;
call       = word_of_the_vocabulary [ "(" argument { "," argument } ")" ] | table "." column
           | "then" "(" argument { "," argument } ")" ;
named      = name [ "(" [ "actor" "=" ] name [ "," [ "target" "=" ] name ] ")" ] ;
argument   = [ word ( "=" | ":" ) ] ( name | "[" name { "," name } "]" | quantity | signal | body | "true" | "false" ) ;

quantity   = [ "-" ] number [ unit ] ;
percentile = "p" number ;
time       = quantity | clock | "start" | "end" ;
clock      = [ hours ":" ] minutes ":" seconds ;
name       = word | string ;
"""
    + STUDY_GRAMMAR
)
