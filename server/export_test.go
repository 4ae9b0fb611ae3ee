package server

// Golden is golden for the tests that look at a whole server from outside.
var Golden = golden
