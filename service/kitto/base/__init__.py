"""What every room stands on; knows no room and no word of the business."""
