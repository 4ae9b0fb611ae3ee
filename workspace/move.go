package workspace

import "bailiwick/fail"

// CheckMove says whether what is at src may become dst; both are paths as the caller sent them, dst with its new last segment. It
// gives their clean forms, and moved = false if they are the same place, so that nothing is to be done. Refused with fail.Invalid: the
// special folders, a home folder (it goes with its user), a place that only a user's home may have, a folder into itself or below.
func CheckMove(src, dst string) (from, to string, moved bool, err error) {
	if from, err = Clean(src); err != nil {
		return "", "", false, err
	}
	if to, err = Clean(dst); err != nil {
		return "", "", false, err
	}
	if err = checkFixed(from, "renamed or moved"); err != nil {
		return "", "", false, err
	}
	if from == to {
		return from, to, false, nil
	}
	return from, to, true, checkTarget(from, to)
}

// CheckDelete refuses with fail.State to delete a special folder or a home folder.
func CheckDelete(clean string) error { return checkFixed(clean, "deleted") }

func checkFixed(clean, verb string) error {
	if IsSpecial(clean) {
		return fail.Statef("%s is a special folder and cannot be %s", quote(clean), verb)
	}
	if IsHome(clean) {
		return fail.Statef("%s is a home folder and cannot be %s: it is made with its user and goes with him", quote(clean), verb)
	}
	return nil
}

func checkTarget(from, to string) error {
	switch {
	case IsSpecial(to):
		return fail.Existsf("%s is a special folder; nothing can take its place", quote(to))
	case IsHome(to) || Parent(to) == RemovedPath:
		return fail.Invalidf("nothing can be moved to %s: the folders in %s are homes and are made with their users", quote(to), Parent(to))
	case Below(to, from):
		return fail.Invalidf("%s cannot be moved to %s, which lies inside it", quote(from), quote(to))
	}
	return nil
}
