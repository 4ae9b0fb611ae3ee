package tracking

import (
	"strconv"
	"strings"
)

// The words of automatic names.
var (
	adjectives = strings.Fields(`
		able agile airy alert amber ample apt arctic astute autumn balmy bold brave breezy bright brisk bronze bubbly busy calm candid
		cheery chilly civil classy clear clever cobalt copper coral cosmic cozy crisp curious dainty dapper daring dashing deft
		dewy eager early earnest easy elated elegant emerald famous fancy fearless fiery floral fluent fond frank fresh frosty gallant
		gentle gifted glad golden graceful grand hardy hasty hazel hearty honest humble icy ideal indigo ivory jade jolly jovial keen
		kind lively lofty loyal lucid lucky lunar mellow merry mighty misty modest mossy neat nimble noble olive patient placid plucky
		polite proud quick quiet radiant rapid ruby rustic salty sandy scarlet serene sharp shiny silver sleek snowy solar spry
		steady stellar sunny swift tidy tranquil vivid warm witty zesty`)
	nouns = strings.Fields(`
		acorn alder anchor aspen auk badger beacon beaver birch bison brook canyon cedar cliff clover comet condor cove coyote crane
		creek cricket curlew cypress dale dingo dolphin dune eagle egret elk elm ember falcon fern finch fjord fox gecko geyser
		glacier gorge grove gull harbor hare hawk heath heron hill ibex ibis iris island jackal jay juniper kelp kestrel kite koala
		lagoon lake larch lark lemur lichen lily lynx magpie maple marlin marsh marten meadow mesa mole moose moth newt oak orca
		oriole osprey otter owl panda pebble pike pine plover pond poppy puffin quail quokka raven reef ridge river robin sable
		salmon seal shoal shrew sparrow spruce stoat stork summit swan tapir teal tern thistle thrush tide toad trout tulip tundra
		valley vole walrus weasel willow wombat wren yak zebra`)
)

// AutoName makes a name such as "brisk-otter-417" for what was given none; pick gives a number from 0 to n-1.
func AutoName(pick func(n int) int) string {
	return adjectives[pick(len(adjectives))] + "-" + nouns[pick(len(nouns))] + "-" + strconv.Itoa(pick(1000))
}
