"""Paper: codes, fonts, label sheets and documents; knows no word of the business."""
