package authz

import "fmt"

// fixedTexts say why what a default gives cannot be taken away where it stands; %s is the principal.
var fixedTexts = map[Rule]string{
	RuleAdmins: "Administrators manage everything. This cannot be changed.",
	RuleHome:   "This is the home folder of %s, who always manages it.",
	RuleShared: "Everybody manages the Shared folder. This cannot be changed.",
	RuleOpen:   "Everybody has this while access control is off.",
}

// WhyFixed says in a sentence why somebody who may change the permissions of an object cannot change this level of a principal on it; empty where
// he can. What is inherited is changed where it was given, the owner of a job by administrators alone.
func WhyFixed(m *Map, who Who, o *Object, principal int64, l ShownLevel) string {
	switch text := fixedTexts[l.Rule]; {
	case l.Rule == RuleHome:
		return fmt.Sprintf(text, m.callName(principal))
	case text != "":
		return text
	case l.Inherited:
		return "It is changed where it was given."
	case o.Kind == Job && l.Level == IsOwner && !m.isAdmin(who.Principal):
		return "Only administrators change the owner of a job."
	}
	return ""
}

// callName is what people call a principal: service principals have names beside their application ids.
func (m *Map) callName(principal int64) string {
	p, ok := m.Principal(principal)
	if ok && p.Kind == ServicePrincipal && p.Shown != "" {
		return p.Shown
	}
	return m.nameOf(principal)
}

// WhyNoEntry says in a sentence why an entry for a principal on an object would change nothing; empty where it would.
func WhyNoEntry(m *Map, o *Object, principal int64) string {
	switch {
	case principal == GroupAdmins:
		return fixedTexts[RuleAdmins]
	case !o.fixed(principal):
		return ""
	case principal == GroupUsers:
		return fixedTexts[RuleShared]
	}
	return fmt.Sprintf(fixedTexts[RuleHome], m.callName(principal))
}

// Stands says whether a level on the object's own list is kept by naming it in a PUT of the whole list: an entry, the creator's, and what
// administrators have on the roots, whose lists must name them. Other defaults stand without that.
func (l ShownLevel) Stands() bool {
	return !l.Inherited && (l.Rule == RuleEntry || l.Rule == RuleCreator || l.Rule == RuleAdmins)
}
